"""Invented pages of news sites, of the weight that such pages have.

What a parser meets decides its speed, so the proportions are those of real pages: of 223 news pages of 2019 to 2025 the median has 114 to
224 kB, 670 to 960 elements with 1.5 attributes each, 120 to 180 links, 21 to 24 paragraphs, 30 scripts with 32 to 54 kB, 55 meta and link
elements, 3 to 4 kB of text in the article and 4 to 5 kB around it. The words are Zipf's; one name a sentence, half of them in the knowledge base.

Whether the extractor's model is sure by itself, or has to ask trafilatura as well, decides half of a page's time. Of nine sets of 52 to 120 real pages it
asks for 10, 10, 11, 27, 30, 38, 44, 44 and 45 in a hundred; here for those whose paragraphs lie each in a box of its own (`_BOXED` in a hundred).
"""

from __future__ import annotations

import html
import random
from collections.abc import Iterator

from _articles import Writer

from igwire.kb import load

_LINKS, _PARAGRAPHS, _SENTENCES, _WORDS = 150, 20, (1, 2), 18
_SCRIPTS, _SCRIPT_BYTES, _META = 30, 1_500, 50
_HOSTS = 200
_BOXED = 30


class Press:
    """Prints pages, the same ones every time."""

    def __init__(self) -> None:
        self._writer, self._dice = Writer(), random.Random(3)
        self._known = sorted(entity.name for entity in load().by_id.values())
        self._scripts = "".join(self._script() for _ in range(_SCRIPTS))
        self._head = "".join(f'<meta property="site:{self._token(9)}" content="{self._token(60)}">' for _ in range(_META))

    def pages(self, count: int) -> Iterator[tuple[str, bytes]]:
        """Address and HTML of so many articles."""
        for number in range(count):
            yield f"http://news{number % _HOSTS}.example/2026/01/{number % 28 + 1:02}/story-{number}", self._page(number).encode()

    def _page(self, number: int) -> str:
        paragraph = self._boxed if self._dice.randrange(100) < _BOXED else self._paragraph
        title = html.escape(f"{self._name()} {' '.join(self._writer.words(7))}")
        date = f"2026-01-{number % 28 + 1:02}T08:00:00Z"
        return (
            f'<!doctype html><html lang="en"><head><title>{title}</title>{self._head}<meta property="og:title" content="{title}">'
            f'<meta property="article:published_time" content="{date}"><script type="application/ld+json">'
            f'{{"@type":"NewsArticle","headline":"{title}","datePublished":"{date}","author":{{"@type":"Person","name":"{self._made_up()}"}}}}</script>'
            f"</head><body>{self._scripts}{self._menu('header', _LINKS // 3)}<main{self._classes()}><article{self._classes()}><h1{self._classes()}>{title}</h1>"
            f"{''.join(paragraph() for _ in range(_PARAGRAPHS))}</article>{self._menu('aside', _LINKS // 3)}</main>{self._menu('footer', _LINKS // 3)}"
            "</body></html>"
        )

    def _paragraph(self) -> str:
        text = " ".join(self._sentence() for _ in range(self._dice.randint(*_SENTENCES)))
        return f"<p>{html.escape(text)}</p>"

    def _boxed(self) -> str:
        return f"<div{self._classes()}><div{self._classes()}>{self._paragraph()}</div></div>"

    def _sentence(self) -> str:
        words = self._writer.words(_WORDS)
        words[self._dice.randrange(1, _WORDS)] = self._name()
        return f"{words[0].capitalize()} {' '.join(words[1:])}."

    def _menu(self, element: str, links: int) -> str:
        return f"<{element}{self._classes()}><div{self._classes()}><ul{self._classes()}>{''.join(self._link() for _ in range(links))}</ul></div></{element}>"

    def _link(self) -> str:
        words = " ".join(self._writer.words(self._dice.randint(1, 8))).capitalize()
        return f'<li{self._classes()}><div{self._classes()}><a{self._classes()} href="/{self._token(30)}"><span{self._classes()}>{words}</span></a></div></li>'

    def _classes(self) -> str:
        return f' class="{self._token(70)}" data-id="{self._token(12)}"' if self._dice.random() < 0.75 else ""

    def _script(self) -> str:
        values = ",".join(f'"{self._token(12)}":"{self._token(40)}"' for _ in range(_SCRIPT_BYTES // 58))
        return f"<script>var settings={{{values}}};</script>"

    def _name(self) -> str:
        return self._dice.choice(self._known) if self._dice.random() < 0.5 else self._made_up()

    def _made_up(self) -> str:
        return " ".join(word.capitalize() for word in self._writer.words(2))

    def _token(self, length: int) -> str:
        return f"{self._dice.getrandbits(length * 4):0{length}x}"
