from typing import Final, final

PROTOCOL: Final[int]
WAYS: Final[tuple[str, ...]]

@final
class Scanner:
    def __init__(
        self,
        delimiter: str,
        crlf: bool,
        columns: int,
        start: int,
        field_limit: int,
        record_limit: int,
        way: str | None = None,
    ) -> None: ...
    @property
    def records(self) -> int: ...
    @property
    def feeds(self) -> int: ...
    @property
    def last(self) -> int: ...
    @property
    def suspect(self) -> bool: ...
    def read(self, buffer: bytearray | bytes | memoryview, size: int, /) -> None: ...
    def places(self) -> memoryview[int]: ...

def ends(
    buffer: bytearray | bytes | memoryview, size: int, quoted: bool, way: str | None = None, /
) -> tuple[int, int, bool]: ...
def count(data: bytearray | bytes | memoryview, byte: int, way: str | None = None, /) -> int: ...
