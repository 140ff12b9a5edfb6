"""Where the pages of a result are, in order.

Newer orgs list the pages, so that several can be fetched at a time. Elsewhere each page names the
next one by a locator, so they are fetched one after the other.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, cast

from attrs import define, field, frozen

from bulkflow.errors import StepError
from bulkflow_query.pages.errors import PagesChangedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from bulkflow_query.api.client import FetchedPage, QueryApi
    from bulkflow_query.api.page_list import PageList
    from bulkflow_query.rows_file import Page

MAX_PAGES: Final = 1_000_000
"""Pages of one result: more than any org has, so that a broken server cannot send without end."""


Submit: TypeAlias = "Callable[[Callable[[str], object], str], Future[object]]"
"""Makes a short request in the background."""


@frozen
class Address:
    """Where a page is.

    Attributes:
        link: What identifies it: the org's address of the page, or a locator.
        path: The path to request.
        query: The parameters of the request.
    """

    link: str
    path: str
    query: dict[str, str | int] = field(factory=dict)


class Addresses(Protocol):
    """The addresses of the pages that are not in the file yet."""

    @property
    def width(self) -> int:
        """How many pages may be fetched at the same time."""
        ...

    def take(self) -> Address | None:
        """Take the next address; None if there is none now."""
        ...

    def note(self, fetched: FetchedPage) -> str | None:
        """Note a page that was fetched, in order; return the link of the next one if it has one."""
        ...


@define(eq=False, repr=False)
class ListedAddresses:
    """The addresses that the org lists."""

    api: QueryApi
    width: int
    _links: Iterator[str]

    @classmethod
    def after(
        cls,
        api: QueryApi,
        job: str,
        first: PageList,
        pages: Sequence[Page],
        width: int,
        submit: Submit,
    ) -> ListedAddresses:
        """Return the addresses after some pages that an earlier attempt has fetched.

        `submit` gets the next list while the pages of the one before are fetched.

        Raises:
            PagesChangedError: The org lists other pages.
        """
        links = _iterate_links(api, job, first, submit)
        for page in pages:
            if next(links, None) != page.link:
                raise PagesChangedError(
                    f"the org lists other pages of job {job} than before",
                    help="they are all fetched again",
                )
        return cls(api, width, links)

    def take(self) -> Address | None:
        """Take the next address; None after the last one."""
        link = next(self._links, None)
        return None if link is None else Address(link, self.api.resolve(link))

    def note(self, fetched: FetchedPage) -> str | None:
        """Ignore the page: the list names the next one."""
        del fetched
        return None


def _iterate_links(api: QueryApi, job: str, first: PageList, submit: Submit) -> Iterator[str]:
    listed: PageList | None = first
    seen: set[str] = set()
    while listed is not None:
        following = None
        if listed.next is not None:
            following = submit(partial(api.list_pages, job), listed.next)
        for link in listed.links:
            if link in seen or len(seen) > MAX_PAGES:
                raise StepError(
                    f"the org lists a page of job {job} twice, or pages without end",
                    help="run the query again",
                )
            seen.add(link)
            yield link
        if following is None:
            return
        listed = cast("PageList | None", following.result())
    raise StepError(
        f"the org lists the pages of job {job} in a form that is not known",
        help="report this; `extract` works again once the org lists them as documented",
    )


@define(eq=False, repr=False)
class LocatedAddresses:
    """The addresses that each page gives of the next one."""

    api: QueryApi
    job: str
    _locator: str | None
    width: int = 1
    _seen: set[str] = field(factory=set)

    @classmethod
    def after(cls, api: QueryApi, job: str, pages: Sequence[Page]) -> LocatedAddresses:
        """Return the addresses after some pages that an earlier attempt has fetched."""
        locator = pages[-1].next if pages else ""
        return cls(api, job, locator, seen={page.link for page in pages})

    def take(self) -> Address | None:
        """Take the next address; None until the page before it was noted."""
        locator, self._locator = self._locator, None
        if locator is None:
            return None
        if locator in self._seen or len(self._seen) > MAX_PAGES:
            raise StepError(
                f"the org gives a locator of job {self.job} twice, or pages without end",
                help="run the query again",
            )
        self._seen.add(locator)
        query: dict[str, str | int] = {"locator": locator} if locator else {}
        return Address(locator, self.api.build_results_path(self.job), query)

    def note(self, fetched: FetchedPage) -> str | None:
        """Take the locator of the next page from a page that was fetched."""
        self._locator = fetched.next
        return fetched.next


def find_addresses(
    api: QueryApi, job: str, pages: Sequence[Page], width: int, submit: Submit
) -> Addresses:
    """Find the addresses after some pages that an earlier attempt has fetched.

    Raises:
        PagesChangedError: The org lists other pages than before.
    """
    by_locators = bool(pages) and not pages[0].link
    listed = api.list_pages(job) if api.lists_pages and not by_locators else None
    if listed is not None:
        return ListedAddresses.after(api, job, listed, pages, width, submit)
    if pages and not by_locators:
        raise PagesChangedError(
            f"the org no longer lists the pages of job {job}", help="they are all fetched again"
        )
    return LocatedAddresses.after(api, job, pages)
