"""What may come over HTTP: every route and method, paths, bodies, headers, and requests that never end."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

import numpy as np

from benchmarks.stress.inputs import numbers
from benchmarks.stress.inputs.damage import damaged

API = "/gradio_api"
METHODS = ("GET", "GET", "GET", "POST", "HEAD", "PUT", "OPTIONS", "DELETE", "PATCH", "TRACE", "BREW")
SESSION = "s0mebody"


@dataclass(frozen=True)
class Request:
    """One request, and how it is sent.

    Attributes:
        method, target, headers, body: as they go out; no Content-Length is added but the body's own.
        stranger: it comes from somewhere that must be let in nowhere.
        broken_off: bytes of it after which the sender goes, None for the whole of it.
        crowd: how many others have sent half a request and wait meanwhile.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    stranger: bool = False
    broken_off: int | None = None
    crowd: int = 0


@dataclass(frozen=True)
class Surroundings:
    """What requests are about.

    Attributes:
        routes: path templates of the application, Gradio's included.
        functions: numbers of the page's functions and what the page would call each with.
        secrets: files outside of the server's folders, and links to them inside, that must never be served.
        uploaded: another tab's upload.
    """

    routes: Sequence[str]
    functions: Sequence[tuple[int, Sequence[object]]]
    secrets: Sequence[str]
    uploaded: str
    elsewhere: tuple[str, ...] = field(
        default=(
            "/etc/passwd",
            "/proc/self/environ",
            "/proc/self/mem",
            "/dev/zero",
            "/dev/stdin",
            "/",
            "/etc",
        )
    )


def request(rng: np.random.Generator, about: Surroundings) -> Request:
    """One at random."""
    made = _KINDS[rng.integers(len(_KINDS))](rng, about)
    if rng.random() < 0.1:
        made = replace(made, headers=made.headers + _odd_header(rng))
    return made


def _route(rng: np.random.Generator, about: Surroundings) -> Request:
    """A route of the application with any method."""
    target = about.routes[rng.integers(len(about.routes))]
    while "{" in target:
        start, end = target.index("{"), target.index("}")
        target = target[:start] + quote(_word(rng, about)) + target[end + 1 :]
    if rng.random() < 0.3:
        target += f"?session_hash={SESSION}&x={quote(_word(rng, about))}"
    body = _json_body(rng, about) if rng.random() < 0.4 else b""
    return Request(METHODS[rng.integers(len(METHODS))], target, _JSON if body else (), body)


def _file(rng: np.random.Generator, about: Surroundings) -> Request:
    """A file of the machine, in all spellings."""
    path = _path(rng, about)
    prefixes = (
        f"{API}/file=", f"{API}/file=", f"{API}/file=", f"{API}/file/", "/file=", "/file/", f"{API}/proxy=",
        f"{API}/stream/{SESSION}/", "/static/", "/assets/", "/pose2action/", "/svelte/",
        f"{API}/deep_link?x=", "",
    )  # fmt: skip
    return Request("GET" if rng.random() < 0.9 else "HEAD", prefixes[rng.integers(len(prefixes))] + path)


def _path(rng: np.random.Generator, about: Surroundings) -> str:
    path = _wanted(rng, about)
    spellings: tuple[Callable[[str], str], ...] = (
        quote,
        lambda text: quote(text, safe=""),
        lambda text: quote(quote(text, safe=""), safe=""),
        lambda text: "../" * 12 + text.lstrip("/"),
        lambda text: "..%2f" * 12 + quote(text.lstrip("/"), safe=""),
        lambda text: "%2e%2e/" * 12 + quote(text.lstrip("/")),
        lambda text: "..%5c" * 12 + quote(text.lstrip("/"), safe=""),
        lambda text: "/" + quote(text),
        lambda text: quote(text) + "%00.mp4",
        lambda text: quote(text) + "/",
        lambda text: quote(text) + "/.",
        lambda text: quote(str(Path(about.uploaded).parent)) + "/" + "../" * 12 + quote(text.lstrip("/")),
        lambda text: quote("file://" + text),
        lambda text: quote("/proc/self/root" + text),
        lambda text: quote(text.upper()),
    )
    return spellings[rng.integers(len(spellings))](path)


def _wanted(rng: np.random.Generator, about: Surroundings) -> str:
    if rng.random() < 0.6:
        return about.secrets[rng.integers(len(about.secrets))]
    return about.elsewhere[rng.integers(len(about.elsewhere))]


def _file_data(rng: np.random.Generator, about: Surroundings) -> object:
    """What a page says about a file, or what one says who wants to have it."""
    path = _wanted(rng, about)
    texts = (
        path, about.uploaded, f"/proc/self/root{path}", f"{Path(about.uploaded).parent}/../../{path}",
        path + "\0",
        f"http://127.0.0.1:9{path}", "http://169.254.169.254/latest/", f"file://{path}", "", "x" * 5000, 5,
        None, [path],
    )  # fmt: skip
    told = {"path": texts[rng.integers(len(texts))], "meta": {"_type": "gradio.FileData"}}
    if rng.random() < 0.4:
        told |= {
            "url": f"http://127.0.0.1:9{path}",
            "orig_name": "../../x.mp4",
            "size": -1,
            "is_stream": True,
        }
    if rng.random() < 0.3:
        told = {"video": told, "value": told}
    return [told, path, [told], {"a": told}][rng.choice(4, p=[0.7, 0.1, 0.1, 0.1])]


def _call(rng: np.random.Generator, about: Surroundings) -> Request:
    """A call of one of the page's functions with what it does not expect."""
    number, usual = about.functions[rng.integers(len(about.functions))]
    count = len(usual) if rng.random() < 0.8 else int(rng.integers(0, 40))
    data = [_value(rng, about) for _ in range(count)]
    body: dict[str, object] = {"data": data, "fn_index": number, "session_hash": SESSION, "trigger_id": None}
    if rng.random() < 0.3:
        name = str(
            rng.choice(["data", "fn_index", "session_hash", "trigger_id", "event_data", "simple_format"])
        )
        body[name] = _value(rng, about)
    if rng.random() < 0.1:
        body["event_id"] = "../../x"
    target = (
        f"{API}/{rng.choice(['run/predict', 'queue/join', 'api/predict', 'call/run', 'run/run', 'run/look'])}"
    )
    return Request("POST", target, _JSON, json.dumps(body).encode())


def _nearly(rng: np.random.Generator, about: Surroundings) -> Request:
    """A call as the page makes it, but for one value."""
    number, usual = about.functions[rng.integers(len(about.functions))]
    data = list(usual)
    if data and rng.random() < 0.9:
        place = int(rng.integers(len(data)))
        data[place] = _choice(rng) if rng.random() < 0.6 else _value(rng, about)
    body = {"data": data, "fn_index": number, "session_hash": SESSION, "trigger_id": None}
    target = f"{API}/{rng.choice(['run/predict', 'queue/join', 'queue/join'])}"
    return Request("POST", target, _JSON, json.dumps(body).encode())


def _choice(rng: np.random.Generator) -> object:
    """What a menu could give: names of weights and of collections, fusions, numbers, and none of them."""
    one = "kinetics-18-lsta-daily"
    values = (
        "mine", "other", "", "..", "../mine", "CON", "x" * 199, "mi\nne", "\u202e", ".deleted", one,
        f"{one}+{one}",
        f"{one}*0.5+kinetics-18-stf-daily*0.5", f"{one}+ntu-25-lsta-daily-3d", "/etc/passwd", "none", [one],
        [], [one] * 3,
        ["mine"], True, False, 0, 1, 0.5, 999, -1, 1e8, None,
    )  # fmt: skip
    return values[rng.integers(len(values))]


def _value(rng: np.random.Generator, about: Surroundings) -> object:
    if rng.random() < 0.4:
        return _file_data(rng, about)
    values = (
        None, True, 0, -1, 0.5, numbers.odd(rng), numbers.whole(rng), 10**400, "", "kinetics-18-lsta-daily",
        "x" * 100_000, [], {}, [[]] * 1000, ["kinetics-18-lsta-daily"] * 3000, {"a": {"a": {}}}, "\0", "‮",
        "../..",
    )  # fmt: skip
    return values[rng.integers(len(values))]


def _json_call(rng: np.random.Generator, about: Surroundings) -> Request:
    """A body that is, or nearly is, JSON."""
    target = f"{API}/{rng.choice(['run/predict', 'queue/join', 'cancel', 'reset', 'component_server'])}"
    return Request("POST", target, _JSON, _json_body(rng, about))


def _json_body(rng: np.random.Generator, about: Surroundings) -> bytes:
    good = json.dumps({"data": [None], "fn_index": 0, "session_hash": SESSION}).encode()
    number = numbers.written(rng)
    texts = (
        b"", b"null", b"[]", b'"x"', b"{", b"\xff\xfe", b"\xef\xbb\xbf" + good, damaged(good, rng), good[:-1],
        f'{{"data": [{number}], "fn_index": {number}, "session_hash": "{SESSION}"}}'.encode(),
        f'{{"data": {numbers.nested(50_000)}, "fn_index": 0, "session_hash": "{SESSION}"}}'.encode(),
        numbers.nested(100_000).encode(), numbers.nested(100_000, brackets="{}").encode(),
        b'{"data": [' + b"1," * 200_000 + b'1], "fn_index": 0}', b" " * 10**6 + good,
    )  # fmt: skip
    return texts[rng.integers(len(texts))]


def _upload(rng: np.random.Generator, about: Surroundings) -> Request:
    """An upload of something, whole or in part, honest or not."""
    names = (
        "clip.mp4", "../../../../tmp/x.mp4", "/etc/cron.d/x", "a" * 300 + ".mp4", "", ".", "..", "CON",
        "x\0.mp4",
        "päth ☃.mp4", "x.html", "x.mp4/../../y", "‮4pm.exe", "<script>.svg", " .mp4", "a\\b.mp4", "-rf.mp4",
    )  # fmt: skip
    boundary = "----p2a" if rng.random() < 0.9 else "x" * 2000
    parts = []
    for _ in range(int(rng.choice([0, 1, 1, 1, 2, 200]))):
        name = names[rng.integers(len(names))]
        content = rng.bytes(int(2 ** rng.uniform(0, 18)) if len(parts) < 3 else 10)
        kind = str(rng.choice(["files", "files", "files", "file", "", "__proto__"]))
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{kind}"; filename="{name}"\r\n'
            "Content-Type: video/mp4\r\n\r\n".encode(errors="replace")
            + content
            + b"\r\n"
        )
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    if rng.random() < 0.3:
        body = damaged(body, rng)
    headers = [("Content-Type", f"multipart/form-data; boundary={boundary}")]
    broken_off = None
    how = rng.random()
    if how < 0.2:
        headers.append(("Content-Length", str(rng.choice([10**12, 2**63, 10**10, -1, 3]))))
        broken_off = 400 + len(body)
    elif how < 0.4:
        headers.append(("Content-Length", str(len(body) + 10**7)))
        broken_off = int(rng.integers(100, 200 + len(body)))
    target = f"{API}/upload" + ("" if rng.random() < 0.5 else f"?upload_id={quote(_word(rng, about))}")
    return Request("POST", target, tuple(headers), body, broken_off=broken_off)


def _stranger(rng: np.random.Generator, about: Surroundings) -> Request:
    """A page of another origin, or under another name of this machine."""
    made = _KINDS[rng.integers(4)](rng, about)
    if rng.random() < 0.3:
        made = Request("GET", "/")
    told = (
        ("Host", "evil.example"), ("Host", "127.0.0.1.evil.example:7860"), ("Host", "localhost@evil.example"),
        ("Host", ""), ("Origin", "http://evil.example"), ("Origin", "null"), ("Origin", "http://127.0.0.1:1"),
        ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Origin",
        "https://127.0.0.1.evil.example"),
    )  # fmt: skip
    return replace(made, headers=(*made.headers, told[rng.integers(len(told))]), stranger=True)


def _half(rng: np.random.Generator, about: Surroundings) -> Request:
    """A request that ends in the middle, or that is none."""
    made = _KINDS[rng.integers(5)](rng, about)
    return replace(made, broken_off=int(rng.integers(0, 300)))


def _crowd(rng: np.random.Generator, about: Surroundings) -> Request:
    """An honest request among many that do not end."""
    return Request("GET", "/", crowd=int(rng.choice([30, 200, 1100], p=[0.7, 0.25, 0.05])))


def _odd_header(rng: np.random.Generator) -> tuple[tuple[str, str], ...]:
    headers = (
        ("Cookie", "=;;" * 300), ("Cookie", 'a="\\'), ("Range", "bytes=0-" + "1" * 50), ("Range",
        "bytes=" + "0-1," * 500),
        ("If-Modified-Since", "never"), ("Transfer-Encoding", "chunked"), ("Expect", "100-continue"), ("X",
        "y" * 60_000),
        ("Content-Encoding", "gzip"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-For", "\0"),
        ("Upgrade", "h2c"),
        ("Accept", "*/*" * 1000), ("Accept-Language", "x" * 5000), ("Content-Type", "text/plain"),
        ("Connection", "upgrade"),
        ("X-Gradio-Server", "http://evil.example"), ("Referer", "http://evil.example/"), ("Authorization",
        "Basic x"),
    )  # fmt: skip
    return (headers[rng.integers(len(headers))],)


def _word(rng: np.random.Generator, about: Surroundings) -> str:
    words = (
        "", "x", SESSION, "..", "\0", "a/b", "x" * 3000, "%", "‮", "0", "-1", "null", "<b>", "run", "predict",
        "icon.svg",
        _wanted(rng, about), numbers.written(rng)[:3000], "http://127.0.0.1:9/", "https://localhost:9/x",
    )  # fmt: skip
    return words[rng.integers(len(words))]


_JSON = (("Content-Type", "application/json"),)
_KINDS: tuple[Callable[[np.random.Generator, Surroundings], Request], ...] = (
    _route, _file, _call, _json_call, _upload, _route, _file, _nearly, _nearly, _nearly, _stranger, _half,
    _crowd,
)  # fmt: skip
