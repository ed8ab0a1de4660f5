"""Jobs: functions that one thread lets another run."""

import pytest

from kiosk.threads.inbox import Inbox, Job


def test_a_job_is_run_by_whoever_takes_it_out() -> None:
    inbox = Inbox()
    future = inbox.submit(lambda: 6 * 7)
    assert not future.done()
    job = inbox.get()
    assert isinstance(job, Job)
    job.run()
    assert future.result(0) == 42


def test_a_job_that_was_cancelled_is_not_run_and_harms_nobody() -> None:
    ran: list[int] = []
    job = Job(lambda: ran.append(1))
    assert job.future.cancel()
    job.run()
    assert ran == []


def test_a_job_that_runs_cannot_be_cancelled_any_more() -> None:
    cancelled: list[bool] = []
    job: Job[None] = Job(lambda: cancelled.append(job.future.cancel()))
    job.run()
    assert cancelled == [False]
    assert job.future.result(0) is None


def test_what_a_job_raises_is_raised_where_its_result_is_asked_for() -> None:
    job = Job(lambda: 1 // 0)
    job.run()
    with pytest.raises(ZeroDivisionError):
        job.future.result(0)
