"""The assignment as a program: choices, limits, and what is better, all in whole numbers.

At most one way of moving an account is chosen; of a division each part goes to at most one
receiver, and no two parts to the same one. No limit of a receiver is passed. Of two assignments
the better one, first to last:

1. places more (net equity, or margin): cents;
2. places more halves of accounts: a whole one is two, a part one, so that what has no net equity
   is placed too;
3. needs less in top-ups: cents;
4. divides fewer accounts;
5. uses receivers that stand earlier: the customer's own back-up first, then by id.

The first two stages decide of which account how much is placed, the later ones where it goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from crossmargin.default_management.porting.admission import Offer
from crossmargin.default_management.porting.receivers import Limit

#: The stages, in the order in which they decide.
STAGES = ("placed", "halves", "top_up", "divided", "receivers")


@dataclass(frozen=True, slots=True)
class Choice:
    """A part of an account with a receiver that can take it.

    Parameters
    ----------
    division : int
        Which division of the customer's the part belongs to; 0 is the whole account.
    offer : Offer
    placed_cents : int
        What it counts in the first stage.
    place : int
        Of the receiver among the customer's, from 0.
    """

    division: int
    offer: Offer
    placed_cents: int
    place: int

    @property
    def halves(self) -> int:
        """A whole account is two halves, a part of a divided one is one."""
        return 1 if self.division else 2

    @property
    def way(self) -> tuple[str, int]:
        """The customer and the division."""
        return self.offer.customer_id, self.division


#: What each stage compares, greater being better.
Score = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class Program:
    """What is to be solved.

    Parameters
    ----------
    choices : tuple of Choice
        By customer, division, part, receiver.
    room : mapping of receiver to mapping of Limit to int
    """

    choices: tuple[Choice, ...]
    room: Mapping[str, Mapping[Limit, int]]

    @cached_property
    def divided_ways(self) -> tuple[tuple[str, int], ...]:
        """Customers and their divisions into parts, in the order of the choices."""
        return tuple(dict.fromkeys(each.way for each in self.choices if each.division))

    def score(self, chosen: Iterable[int]) -> Score:
        """Return how good an assignment is: greater is better, stage by stage."""
        taken = [self.choices[place] for place in chosen]
        return (
            sum(each.placed_cents for each in taken),
            sum(each.halves for each in taken),
            -sum(each.offer.top_up.cents for each in taken),
            -len({each.way for each in taken if each.division}),
            -sum(each.place for each in taken),
        )

    def used(self, chosen: Iterable[int]) -> dict[str, dict[Limit, int]]:
        """Return how much of each limit an assignment takes, by receiver."""
        used = {name: dict.fromkeys(limits, 0) for name, limits in self.room.items()}
        for place in chosen:
            offer = self.choices[place].offer
            for limit in used[offer.receiver_id]:
                used[offer.receiver_id][limit] += offer.usage[limit]
        return used

    def passed_limits(self, chosen: Sequence[int]) -> list[tuple[str, Limit]]:
        """Return every limit that an assignment passes, in exact whole numbers."""
        used = self.used(chosen)
        return [
            (name, limit)
            for name, limits in self.room.items()
            for limit, room in limits.items()
            if used[name][limit] > room
        ]

    def contradicts(self, chosen: Sequence[int]) -> bool:
        """Return whether choices exclude one another: two ways of one account, a part twice."""
        ways, seen = self._marks(chosen)
        is_one_way = all(
            ways[self.choices[place].offer.customer_id] == self.choices[place].division
            for place in chosen
        )
        return not is_one_way or len(seen) < 2 * len(chosen)

    def allows(self, chosen: Sequence[int]) -> bool:
        """Return whether an assignment excludes nothing and passes no limit."""
        return not self.contradicts(chosen) and not self.passed_limits(chosen)

    def placed(self, chosen: Iterable[int]) -> dict[str, tuple[int, int]]:
        """Return cents and halves of every account that an assignment places."""
        placed: dict[str, tuple[int, int]] = {}
        for place in chosen:
            each = self.choices[place]
            cents, halves = placed.get(each.offer.customer_id, (0, 0))
            placed[each.offer.customer_id] = cents + each.placed_cents, halves + each.halves
        return placed

    def filled(self, chosen: Sequence[int]) -> list[int]:
        """Return an assignment with everything that still has room, largest first.

        A search that stops within its gap may leave such an account, or a part of one, out.
        """
        taken, used = list(chosen), self.used(chosen)
        ways, seen = self._marks(chosen)
        order = sorted(
            range(len(self.choices)),
            key=lambda place: (
                -self.choices[place].placed_cents,
                self.choices[place].offer.top_up,
                self.choices[place].place,
                place,
            ),
        )
        for place in order:
            each = self.choices[place]
            offer, there = each.offer, used[each.offer.receiver_id]
            is_open = ways.get(offer.customer_id, each.division) == each.division
            if not is_open or not seen.isdisjoint(_marks_of(each)):
                continue
            room = self.room[offer.receiver_id]
            if all(there[limit] + offer.usage[limit] <= left for limit, left in room.items()):
                taken.append(place)
                ways[offer.customer_id] = each.division
                seen.update(_marks_of(each))
                for limit in room:
                    there[limit] += offer.usage[limit]
        return sorted(taken)

    def _marks(self, chosen: Iterable[int]) -> tuple[dict[str, int], set[tuple[str, str]]]:
        """Return the way of every account, and which parts and receivers are taken for it."""
        taken = [self.choices[place] for place in chosen]
        ways = {each.offer.customer_id: each.division for each in taken}
        return ways, {mark for each in taken for mark in _marks_of(each)}


def _marks_of(choice: Choice) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return what no other choice of the customer may have: the part, the receiver."""
    offer = choice.offer
    return (
        (offer.customer_id, f"part {offer.part_id}"),
        (offer.customer_id, f"to {offer.receiver_id}"),
    )
