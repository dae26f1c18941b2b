"""What went wrong in other people's gateways is held here by tests whose docstrings name the public threads."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
_THREAD = re.compile(r"[\w.-]+/[\w.-]+#\d+")

# Number, what went wrong, and the public threads that tell of it; one number may hold several cases.
REPORTS: list[tuple[int, str, str]] = [
    (1, "pieces of parallel calls go to the wrong block", "praxis-proxy/ai#266"),
    (2, "a piece after its block has stopped", "headroomlabs-ai/headroom#2890"),
    (3, "a piece for a block never opened", "Wei-Shaw/sub2api#4294"),
    (4, "gaps between block indices", "jundot/omlx#1353"),
    (5, "the block's index taken for the call's", "BerriAI/litellm#5231"),
    (5, "every call has index 0", "mozilla-ai/any-llm#970"),
    (6, "text between pieces of a call", "cloudwego/eino-ext#976"),
    (7, "text and call in one chunk", "BerriAI/litellm#18238"),
    (8, "whole arguments in the first piece", "BerriAI/litellm#25836 BerriAI/litellm#25561"),
    (9, "empty arguments", "BerriAI/litellm#5064 vercel/ai#10747 simonw/llm#1164"),
    (10, "blocks left open by an error", "danielalves96/claude-code-provider-gateway#2"),
    (11, "results split over turns", "agentjido/req_llm#250 OnesoftQwQ/opencode-go-copilot#89"),
    (12, "words before or between results", "open-octo/octo-agent#250 mozilla-ai/any-llm#1312"),
    (13, "results filtered out for being empty", "lidge-jun/opencodex#620"),
    (14, "result without the id of its call", "vllm-project/vllm#34745"),
    (15, "foreign ids", "maximhq/bifrost#5097 BerriAI/litellm#21964 langchain-ai/langchain#37756"),
    (16, "ids that become one", "HKUDS/nanobot#4356"),
    (17, "ids used twice", "trycua/cua#524"),
    (
        18,
        "empty text blocks",
        "anthropics/anthropic-sdk-python#461 BerriAI/litellm#22979 anthropics/claude-code#62396",
    ),
    (19, "text dropped before calls", "mozilla-ai/any-llm#1325"),
    (20, "thinking that does not lead", "anomalyco/opencode#3077 pydantic/pydantic-ai#2040"),
    (20, "foreign reasoning in the history", "openai/openai-agents-python#1704"),
    (21, "cached tokens counted twice", "envoyproxy/ai-gateway#2236 langchain-ai/langchainjs#10250"),
    (22, "usage missing at the end", "envoyproxy/ai-gateway#2350 farion1231/cc-switch#2485"),
    (23, "cached tokens among the input", "chenyme/grok2api#751"),
    (24, "a chunk without choices", "BerriAI/litellm#36553 BerriAI/litellm#32519 Portkey-AI/gateway#1629"),
    (25, "usage beside choices", "BerriAI/litellm#28735"),
    (26, "calls with another stop reason", "pgEdge/pgedge-postgres-mcp#217 leookun/cursor-byok#391"),
    (
        27,
        "newer stop reasons fall through",
        "laravel/ai#881 mozilla-ai/any-llm#1306 turnstonelabs/turnstone#1162",
    ),
    (28, "a paused turn taken as finished", "tetsuo-ai/agenc-core#2111"),
    (29, "events without their names", "earendil-works/pi#1983"),
    (30, "error inside a stream swallowed", "farzaa/clicky#132 Pasta-Devs/Marinara-Engine#2659"),
    (30, "error in the other dialect's shape", "BerriAI/litellm#41826"),
    (31, "a stream without its end looks whole", "BerriAI/litellm#32159 Portkey-AI/gateway#1797"),
    (32, "each dialect ends in its own way", "dativo-io/talon#254 zyycn/codex-proxy-rs#90"),
    (33, "malformed line skipped", "praxis-proxy/ai#935"),
    (33, "long line cut", "openclaw/openclaw#29320"),
    (
        34,
        "letters cut at the edge of a piece",
        "musistudio/claude-code-router#1672 api7/aisix#111 katanemo/plano#980",
    ),
    (34, "other line ends", "praxis-proxy/praxis#739"),
    (35, "stop sequences that stop nothing", "BerriAI/litellm#3286 MegaGrindStone/mcp-web-ui#5"),
    (35, "more than four stop sequences", "langchain-ai/langchain#20234"),
    (36, "combiner at the top of a schema", "MoonshotAI/kimi-code#2328 anomalyco/opencode#35516"),
    (37, "long tool names", "anthropics/claude-code#2485 thedotmack/claude-mem#360"),
    (38, "pictures in results lost", "router-for-me/CLIProxyAPI#1670 raine/claude-code-proxy#59"),
    (38, "media type with parameters", "Xerxes-2/clewdr#121"),
    (
        39,
        "later instruction lost or refused",
        "caozhiyuan/copilot-api#364 envoyproxy/ai-gateway#2206 langchain-ai/langchainjs#11472",
    ),
    (40, "the developer role sent through", "icebear0828/codex-proxy#608"),
    (41, "a line that busts the cache", "1rgs/claude-code-proxy#99 musistudio/claude-code-router#1372"),
    (
        42,
        "tokens not counted",
        "BerriAI/litellm#13252 mozilla-ai/otari#124 router-for-me/CLIProxyAPI#679",
    ),
    (43, "newer fields refused", "anthropics/claude-code#21612 anthropics/claude-code#31033"),
    (43, "beta header refused", "anthropics/claude-code#13770"),
    (44, "version stated twice", "decolua/9router#2357"),
    (44, "version made up", "sseshachala/conductai#2179"),
    (45, "wrong name of the token cap", "braintrustdata/lingua#78 agentjido/req_llm#57"),
    (46, "structured output lost", "BerriAI/litellm#16061"),
    (46, "envelope of a structured answer leaks", "BerriAI/litellm#35677"),
    (47, "trailing answer refused by the whole chain", "BerriAI/litellm#27967"),
    (47, "the first error hidden", "BerriAI/litellm#30242"),
    (48, "two answers glued together", "Garudex-Labs/caracal#344"),
    (48, "nobody asked after a stall", "mnfst/llm-gateway#1656 BerriAI/litellm#40404"),
    (49, "caller gone before the first token", "BerriAI/litellm#31499"),
    (49, "caller gone who does not stream", "BerriAI/litellm#37140 1rgs/claude-code-proxy#114"),
    (
        50,
        "both headers for tokens",
        "aws-samples/sample-kolya-br-proxy#35 pydantic/pydantic-ai-gateway#75 BerriAI/litellm#30935",
    ),
    (51, "same dialect, other bytes", "Oaklight/llm-rosetta#518"),
    (52, "a test that leaves the machine", "Arize-ai/openinference#3574"),
]


def _cited() -> dict[str, list[str]]:
    """Return, for each thread, the tests whose docstring names it."""
    found: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for thread in _threads(ast.get_docstring(node) or ""):
                    found.setdefault(thread, []).append(f"{path.relative_to(TESTS)}::{node.name}")
    return found


def _threads(text: str) -> list[str]:
    """Return the threads a text names; "a/b#1, #2" names two."""
    return _THREAD.findall(re.sub(r"([\w.-]+/[\w.-]+)#(\d+), #(\d+)", r"\1#\2 \1#\3", text))


CITED = _cited()


def test_every_number_from_1_to_52_has_its_cases() -> None:
    assert sorted({number for number, _, _ in REPORTS}) == list(range(1, 53))


@pytest.mark.parametrize(
    "threads", [one[2].split() for one in REPORTS], ids=[f"{number:02} {words}" for number, words, _ in REPORTS]
)
def test_report_is_held_by_a_test_that_names_it(threads: list[str]) -> None:
    assert any(thread in CITED for thread in threads), f"no test's docstring names one of {threads}"


def test_no_test_names_a_thread_that_is_not_listed() -> None:
    assert set(CITED) <= {thread for _, _, threads in REPORTS for thread in threads.split()}
