"""Words of the noise generator, worked out by hand."""


def rotated(value, left):
    return (value << left | value >> (16 - left)) & 0xFFFF


def words_by_hand(key, counter, rounds):
    """The rounds in unbounded integers."""
    x, y = counter >> 16, counter & 0xFFFF
    for number in range(rounds):
        x = (rotated(x, 9) + y & 0xFFFF) ^ int(key[number % 4]) ^ number
        y = rotated(y, 2) ^ x
    return x, y
