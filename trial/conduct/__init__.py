"""Conduct: the conversation schedule, its lawful records, and their import from CSV."""

from trial.conduct.records import Records, read_conversations
from trial.conduct.rules import (
    NOT_HELD,
    Conversation,
    DueConversation,
    check_conversation,
    due_conversations,
    violations,
)

__all__ = [
    "NOT_HELD",
    "Conversation",
    "DueConversation",
    "Records",
    "check_conversation",
    "due_conversations",
    "read_conversations",
    "violations",
]
