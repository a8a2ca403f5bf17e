"""The schema and the reference page are what the manifest's definition says now."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from wire import export_manifest
from wire.export_manifest import ROOT, RUNTIME, TITLE, Exported
from wire.manifest_reader import toml_fields
from wire.title_manifest import FORMAT, parse_manifest

GAMES = sorted((ROOT / "games").glob("*/title.toml"))


both = pytest.mark.parametrize("exported", [TITLE, RUNTIME], ids=lambda exported: exported.file)


@both
def test_the_checked_in_files_are_up_to_date(exported: Exported) -> None:
    assert (ROOT / exported.schema).read_text() == export_manifest.schema(exported), "python -m wire.export_manifest"
    assert (ROOT / exported.page).read_text() == export_manifest.page(exported), "python -m wire.export_manifest"


def test_it_writes_where_it_is_told(tmp_path: Path) -> None:
    for target in (TITLE.schema, TITLE.page):
        (tmp_path / target).parent.mkdir()
    export_manifest.main([str(tmp_path)])
    for exported in (TITLE, RUNTIME):
        assert (tmp_path / exported.page).read_text() == export_manifest.page(exported)


@both
def test_every_field_is_in_the_schema_with_its_unit(exported: Exported) -> None:
    schema = json.loads(export_manifest.schema(exported))
    for field in toml_fields(exported.format):
        described = schema
        for key in field.keys:
            assert described["additionalProperties"] is False
            described = described["properties"][key]
        assert described["description"].startswith(field.says)
        assert field.unit in described["description"]


def test_every_number_has_a_unit() -> None:
    numbers = [field for field in toml_fields(FORMAT) if field.value.schema().get("type") == "integer"]
    assert len(numbers) > 10
    assert [field.path for field in numbers if not field.unit] == []


@pytest.mark.parametrize("path", GAMES, ids=lambda path: path.parent.name)
def test_bundled_manifests_use_only_what_the_schema_knows(path: Path) -> None:
    def walk(body: dict[str, Any], schema: dict[str, Any], where: str) -> None:
        for key, value in body.items():
            assert key in schema["properties"], f"{where}{key}"
            inner = schema["properties"][key]
            if isinstance(value, dict) and "properties" in inner:
                walk(value, inner, f"{key}.")

    text = path.read_text()
    parse_manifest(text)
    walk(tomllib.loads(text), json.loads(export_manifest.schema(TITLE)), "")
