"""Floors of quotations and roles, on the half of the truth that no rule was written on."""

from __future__ import annotations

from split import FIRST, FURTHER
from statement_score import on_quotes, on_roles

# A change that lowers one of these needs a decision record. Roles: person, office and organisation all right.
SPEAKERS, ROLES = 0.85, 0.65
FURTHER_SPEAKERS, FURTHER_ROLES = 0.85, 0.75


def test_speakers_of_quotations(tagger):
    wanted, right, wrong, _ = on_quotes(tagger, "test", FIRST)
    print(f"quotations, test half: {right} of {wanted} with the right speaker, {wrong} that are none")
    assert right / wanted >= SPEAKERS
    assert wrong <= wanted * 0.1


def test_roles(tagger):
    wanted, right, wrong, _ = on_roles(tagger, "test", FIRST)
    print(f"roles, test half: {right} of {wanted} whole, {wrong} of people who have none")
    assert right / wanted >= ROLES
    assert wrong <= wanted * 0.1


def test_statements_in_further_languages(tagger):
    wanted, right, wrong, faults = on_quotes(tagger, "test", FURTHER)
    print(f"quotations, test half, further languages: {right} of {wanted} with the right speaker, {wrong} that are none")
    assert right / wanted >= FURTHER_SPEAKERS, faults
    assert wrong <= wanted * 0.1
    wanted, right, wrong, faults = on_roles(tagger, "test", FURTHER)
    print(f"roles, test half, further languages: {right} of {wanted} whole, {wrong} of people who have none")
    assert right / wanted >= FURTHER_ROLES, faults
