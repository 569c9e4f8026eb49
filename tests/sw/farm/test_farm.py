"""Tasks in this process: results in order, whatever the order in which they come."""

import pytest

from sw.farm.farm import Here, Task, in_order


class Backwards(Here):
    """Gives the last result first."""

    def run(self, tasks):
        return reversed(list(super().run(tasks)))


def test_tasks_run_one_after_the_other():
    here, asked = Here(), []
    tasks = (asked.append(number) or Task(number, pow, (here.hold(2), number)) for number in range(3))
    results = here.run(tasks)
    assert next(results) == (0, 1) and asked == [0]
    assert list(results) == [(1, 2), (2, 4)]


@pytest.mark.parametrize("farm", [Here(), Backwards()])
def test_results_are_in_the_order_of_the_items(farm):
    heard = []
    assert in_order(farm, divmod, [1, 2, 3], 7, done=heard.append) == [(7, 0), (3, 1), (2, 1)]
    assert heard == [1, 1, 1]


def test_what_a_task_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        in_order(Here(), divmod, [1, 0], 7)
