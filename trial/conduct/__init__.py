"""Conduct: the conversation schedule, its summons in and after a pause, its lawful records, their import from CSV."""

from trial.conduct.records import Records, read_conversations
from trial.conduct.rules import (
    NOT_HELD,
    Conversation,
    DueConversation,
    check_conversation,
    due_conversations,
    violations,
)
from trial.conduct.summons import Booking, Step, next_step

__all__ = [
    "NOT_HELD",
    "Booking",
    "Conversation",
    "DueConversation",
    "Records",
    "Step",
    "check_conversation",
    "due_conversations",
    "next_step",
    "read_conversations",
    "violations",
]
