"""The five background services; each is ``python -m services.<service>`` and its own CronJob."""
