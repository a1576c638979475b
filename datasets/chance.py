# SPDX-License-Identifier: GPL-3.0-or-later
"""Named streams of integers for synthetic data: the same on every machine and every Python from 3.9 on.

Only random.Random(integer).random() is used, whose bits Python promises to keep, and everything after it is integer
arithmetic: no logarithm, cosine or floating sum whose last bit could differ. A draw depends on its name alone, so a new
variable or client changes no other.
"""
import hashlib
import random

GRAIN = 1 << 20


class Chance:
    def __init__(self, *name):
        digest = hashlib.sha256("\0".join(str(part) for part in name).encode()).digest()
        self.random = random.Random(int.from_bytes(digest, "big")).random

    def below(self, n):
        """0 … n - 1."""
        return int(self.random() * GRAIN) * n // GRAIN

    def between(self, low, high):
        return low + self.below(high - low + 1)

    def happens(self, permille):
        return self.below(1000) < permille

    def choose(self, weight_of):
        left = self.below(sum(weight_of.values()))
        for value, weight in weight_of.items():
            left -= weight
            if left < 0:
                return value
        raise AssertionError("weights below their own sum")

    def normal(self, mean, sd):
        """A bell curve by twelve uniforms, rounded down to an integer."""
        total = 0
        for _ in range(12):
            total += int(self.random() * GRAIN)
        return mean + sd * (total - 6 * GRAIN) // GRAIN

    def shuffled(self, values):
        values = list(values)
        for i in range(len(values) - 1, 0, -1):
            j = self.below(i + 1)
            values[i], values[j] = values[j], values[i]
        return values


def highest(score_of, count):
    """The `count` keys with the highest scores: how many succeed is set, who succeeds is drawn."""
    return set(sorted(score_of, key=lambda key: (-score_of[key], key))[:count])


def clamp(value, low, high):
    return max(low, min(high, value))


def decimal(value, digits, point="."):
    """An integer count of 10^-digits as text: decimal(6150, 2) is 61.50."""
    sign, value = ("-", -value) if value < 0 else ("", value)
    return "%s%d%s%0*d" % (sign, value // 10**digits, point, digits, value % 10**digits)
