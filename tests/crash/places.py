"""The ways in which people, cron and orchestrators come to one and the same pipeline file."""

from __future__ import annotations

from pathlib import Path

from attrs import define

INSIDE = "inside"

_PLACES: dict[str, tuple[str, str]] = {
    INSIDE: ("{project}", "{file}"),
    "from above": (".", "{project}/{file}"),
    "from below": ("{project}/sub", "../{file}"),
    "through dots": ("{project}", "sub/../{file}"),
    "by its whole path": ("elsewhere", "{base}/{project}/{file}"),
    "through a linked folder": (".", "link/{file}"),
    "by a link beside it": ("{project}", "alias-{file}"),
    "by a link elsewhere": ("elsewhere", "{file}"),
}
"""The working directory and the path, by what the way is called."""

PLACES = tuple(_PLACES)


@define(eq=False)
class Project:
    """A folder of pipeline files and data, in a base folder that holds all ways to it."""

    base: Path
    name: str = "project"

    @property
    def folder(self) -> Path:
        return self.base / self.name

    @property
    def state(self) -> Path:
        return self.folder / ".bulkflow"

    def lay_out(self, files: dict[str, str]) -> None:
        """Write the files, and the links that lead to them."""
        (self.folder / "sub").mkdir(parents=True)
        (self.base / "elsewhere").mkdir()
        for name, content in files.items():
            (self.folder / name).write_text(content, "utf-8")
            if name.endswith(".bulkflow"):
                (self.folder / f"alias-{name}").symlink_to(name)
        self._link(files)

    def _link(self, names: object) -> None:
        (self.base / "link").symlink_to(self.name)
        for each in sorted(self.folder.iterdir()):
            if each.is_file() and not each.is_symlink():
                (self.base / "elsewhere" / each.name).symlink_to(f"../{self.name}/{each.name}")

    def move(self) -> None:
        """Give the folder another name; its links follow it."""
        before, self.name = self.folder, f"{self.name}-moved"
        before.rename(self.folder)
        (self.base / "link").unlink()
        for each in (self.base / "elsewhere").iterdir():
            if each.is_symlink():
                each.unlink()
        self._link(())

    def way(self, place: str, file: str) -> tuple[Path, str]:
        """The working directory and the path of a pipeline file."""
        folder, path = (
            each.format(base=self.base, project=self.name, file=file) for each in _PLACES[place]
        )
        return self.base / folder, path
