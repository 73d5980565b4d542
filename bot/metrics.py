"""What is counted, for Prometheus. Labels are few and never personal."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SPANS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)


class Metrics:
    """The process's figures, in a registry of their own so that tests and several servers do not meet."""

    def __init__(self) -> None:
        """Start every figure at nothing."""
        registry = self.registry = CollectorRegistry()
        self.webhooks = Counter(
            "nachklang_webhooks", "Webhook requests by answer", ["source", "status"], registry=registry
        )
        self.accepted = Counter(
            "nachklang_events_accepted", "Events stored for the first time", ["source"], registry=registry
        )
        self.repeated = Counter(
            "nachklang_events_repeated", "Events that had come before", ["source"], registry=registry
        )
        self.ignored = Counter(
            "nachklang_events_ignored", "Events left alone on purpose", ["source", "kind"], registry=registry
        )
        self.turns = Counter("nachklang_turns", "Turns by outcome", ["outcome"], registry=registry)
        self.turn_seconds = Histogram(
            "nachklang_turn_seconds",
            "From the event's reception to the committed turn",
            buckets=_SPANS,
            registry=registry,
        )
        self.sent = Counter(
            "nachklang_messages", "Messages by what became of them", ["channel", "fate"], registry=registry
        )
        self.mails = Counter(
            "nachklang_mails",
            "Requests to mail a buyer by what became of them",
            ["fate"],
            registry=registry,
        )
        self.requests = Counter(
            "nachklang_requests",
            "Requests to the shop by what became of telling it",
            ["fate"],
            registry=registry,
        )
        self.letters = Counter(
            "nachklang_letters", "Mails to agents by what became of them", ["fate"], registry=registry
        )
        self.media = Counter(
            "nachklang_media",
            "Files of messages by what became of them",
            ["channel", "fate"],
            registry=registry,
        )
        self.healed = Counter(
            "nachklang_healed",
            "Messages that no webhook told, by whether they were still answered",
            ["channel", "fate"],
            registry=registry,
        )
        self.tokens = Counter(
            "nachklang_tokens", "Renewals of access tokens by outcome", ["channel", "fate"], registry=registry
        )
        self.send_seconds = Histogram(
            "nachklang_send_seconds", "One call to a platform", ["channel"], buckets=_SPANS, registry=registry
        )
        self.errors = Counter(
            "nachklang_errors", "Unexpected errors by room; each has a log line", ["room"], registry=registry
        )
        self.backlog = Gauge("nachklang_backlog", "What is due and waits", ["queue"], registry=registry)
        self.oldest = Gauge(
            "nachklang_backlog_oldest_seconds",
            "How long the oldest waiting thing has been due",
            registry=registry,
        )


def known_kind(kind: str) -> str:
    """Return a label for an ignored kind; strangers' own words are cut, or they could fill the memory."""
    head = kind.partition(":")[0]
    return head if len(head) <= 40 and head.replace("_", "").replace(".", "").isalnum() else "other"
