"""Random values that a chart's values.schema.json allows: a strategy for the part of draft-07 that ours uses.

hypothesis-jsonschema does more and has had no release since early 2024; this much is a page.
"""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

Schema = Mapping[str, Any]
Overrides = Mapping[str, st.SearchStrategy[Any]]
LABEL = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cs", "Cc")), max_size=20)


def values_of(schema: Schema, root: Schema, instead: Overrides) -> st.SearchStrategy[Any]:
    """A strategy for what ``schema`` allows.

    Args:
        schema: A part of the document.
        root: The document, for references into its ``definitions``.
        instead: By name of a definition or property: what is narrower than the schema says.
    """
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return instead[name] if name in instead else values_of(root["definitions"][name], root, instead)
    if "anyOf" in schema:
        return st.one_of([values_of({"type": "string", **each}, root, instead) for each in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of([_of_kind(kind, schema, root, instead) for kind in kinds])


def _of_kind(kind: str, schema: Schema, root: Schema, instead: Overrides) -> st.SearchStrategy[Any]:
    if kind in {"null", "boolean"}:
        return st.none() if kind == "null" else st.booleans()
    if kind == "integer":
        return st.integers(schema.get("minimum", 0), schema.get("maximum", 2**40))
    if kind == "number":
        least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        return st.floats(least, schema.get("maximum", 2**40), exclude_min="exclusiveMinimum" in schema, width=32)
    if kind == "string":
        return st.from_regex(schema["pattern"].replace("$", r"\Z"), alphabet=PRINTABLE) if "pattern" in schema else TEXT
    if kind == "array":
        return st.lists(values_of(schema["items"], root, instead), min_size=schema.get("minItems", 0), max_size=3)
    return _object(schema, root, instead)


PRINTABLE = st.characters(min_codepoint=33, max_codepoint=126)


def _object(schema: Schema, root: Schema, instead: Overrides) -> st.SearchStrategy[Any]:
    if "properties" not in schema:
        return st.dictionaries(LABEL, values_of(schema["additionalProperties"], root, instead), max_size=3)
    properties = {
        name: instead[name] if name in instead else values_of(each, root, instead)
        for name, each in schema["properties"].items()
    }
    required = {name: properties.pop(name) for name in schema.get("required", ())}
    return st.fixed_dictionaries(required, optional=properties)
