"""A token classifier of Hugging Face as a tagger, from a directory or the local cache."""

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from statevisit.annotation.windows import windows
from statevisit.document.model import Document
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError

_MOST = 512
"""The tokens that a model without a stated limit reads at once."""

_RESERVED = 4
"""The tokens of a window that are left for those that mark its beginning and end."""

_STRIDE = 4
"""The part of a window that two parts of one long sentence share: one in so many."""


class HuggingFaceTagger:
    """A token-classification pipeline.

    `pipeline` is called with a text and gives a list of dicts with `start`, `end`, `entity_group`
    and `score`. `size` is the number of tokens of a text, and `limit` how many are read at once.
    """

    def __init__(
        self,
        name: str,
        labels: Sequence[str],
        pipeline: Callable[[str], list[dict[str, Any]]],
        size: Callable[[str], int],
        limit: int,
    ) -> None:
        self.name = f"hf:{name}"
        self.labels = tuple(labels)
        self._pipeline, self._size, self._limit = pipeline, size, limit

    def spans(self, document: Document) -> list[JsonObject]:
        """Return the labelled spans of a document, in order of the text.

        A text that is longer than the model reads is tagged in windows of sentences, and a sentence
        that is longer in parts that overlap; nothing is cut off.
        """
        spans: list[JsonObject] = []
        for start, end in windows(document, self._limit, self._size):
            part = document.text[start:end]
            if part.strip():
                for span in self._pipeline(part):
                    spans.append(_placed(span, start, document.text))
        return sorted(spans, key=lambda span: (span["start"], span["end"]))


def _placed(span: dict[str, Any], offset: int, text: str) -> JsonObject:
    """A span of the pipeline with its offsets in the document, without white space at its edges."""
    start, end = offset + int(span["start"]), offset + int(span["end"])
    while start < end and text[start].isspace():  # tokenizers of bytes keep the space before a word
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return {
        "start": start,
        "end": end,
        "text": text[start:end],
        "label": span["entity_group"],
        "score": round(float(span["score"]), 4),
    }


def load(model: str) -> HuggingFaceTagger:
    """Return the tagger of a model in a directory or in the local cache; nothing is downloaded.

    Raises FormatError if it is in neither, is no token classifier, or a package is missing.
    """
    try:
        import_module("torch")  # transformers imports it late, with a message of its own
        transformers: Any = import_module("transformers")
    except ImportError as error:
        raise FormatError(
            f"hf:{model} needs transformers and torch ({error.name} is missing):"
            " pip install transformers torch"
        ) from None
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    options = {"local_files_only": True}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(model, **options)
        network = transformers.AutoModelForTokenClassification.from_pretrained(model, **options)
    except (OSError, ValueError, KeyError, ImportError, TypeError, RuntimeError) as error:
        raise _not_loaded(model, error) from None
    if not tokenizer.is_fast:
        raise FormatError(f"the model {model!r} has no fast tokenizer, so no offsets of spans")
    return _tagger(model, network, tokenizer, transformers.pipeline)


def _not_loaded(model: str, error: Exception) -> FormatError:
    """The error for a model that cannot be loaded, with what to do."""
    wanted = "the directory of a token classifier (config.json, weights) with tokenizer.json"
    if Path(model).is_dir():
        reason = " ".join(str(error).split())[:200]
        return FormatError(f"the model {model!r} cannot be loaded: give {wanted} ({reason})")
    fetch = "" if Path(model).is_absolute() else f", or fetch it with `hf download {model}`"
    return FormatError(
        f"the model {model!r} is not on this machine, and nothing is downloaded:"
        f" give {wanted}{fetch}"
    )


def _tagger(model: str, network: Any, tokenizer: Any, pipeline_of: Any) -> HuggingFaceTagger:
    positions = getattr(network.config, "max_position_embeddings", None) or _MOST
    # RoBERTa counts two positions that no token takes.
    limit = min(tokenizer.model_max_length, max(positions - 2, _RESERVED + 1), _MOST)
    tokenizer.model_max_length = limit
    pipeline = pipeline_of(
        "token-classification",
        model=network,
        tokenizer=tokenizer,
        aggregation_strategy="first",
        stride=limit // _STRIDE,
    )
    tags = network.config.id2label.values()
    names = {tag.removeprefix("B-").removeprefix("I-") for tag in tags}

    def size(text: str) -> int:
        return len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    return HuggingFaceTagger(
        model, sorted(names - {"O"}), pipeline, size, max(limit - _RESERVED, 1)
    )
