"""What a home page says of its business."""
