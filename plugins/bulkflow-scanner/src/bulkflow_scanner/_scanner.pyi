from typing import Final, final

PROTOCOL: Final[int]
KERNELS: Final[tuple[str, ...]]

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
        kernel: str | None = None,
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
    def list_record_ends(self) -> memoryview[int]: ...

def find_ends(
    buffer: bytearray | bytes | memoryview, size: int, quoted: bool, kernel: str | None = None, /
) -> tuple[int, int, bool]: ...
def count_byte(
    data: bytearray | bytes | memoryview, byte: int, kernel: str | None = None, /
) -> int: ...
