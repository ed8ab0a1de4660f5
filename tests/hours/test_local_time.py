from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from kiosk import local_time

PARIS = local_time.zone("Europe/Paris")


def test_time_that_comes_twice_means_its_first_coming():
    assert local_time.to_utc(PARIS, datetime.fromisoformat("2026-10-25 02:30")) == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )


def test_time_that_never_comes_means_the_jump_over_it():
    jump = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert {
        local_time.to_utc(PARIS, datetime.fromisoformat(f"2026-03-29 02:{minute}"))
        for minute in ("00", "01", "30", "59")
    } == {jump}


def test_jump_of_half_an_hour_is_found_to_the_second():
    lord_howe = local_time.zone("Australia/Lord_Howe")
    assert local_time.to_utc(lord_howe, datetime.fromisoformat("2026-10-04 02:17")) == datetime(
        2026, 10, 3, 15, 30, tzinfo=UTC
    )


def test_day_may_begin_after_midnight():
    beirut = local_time.zone("Asia/Beirut")
    assert local_time.to_local(beirut, local_time.midnight(beirut, date(2026, 3, 29))) == datetime.fromisoformat(
        "2026-03-29 01:00"
    )


def test_local_date_is_that_of_the_place():
    late = datetime(2026, 7, 13, 22, 30, tzinfo=UTC)
    assert local_time.today(PARIS, late) == date(2026, 7, 14)
    assert local_time.today(local_time.zone("America/New_York"), late) == date(2026, 7, 13)


def test_unknown_zone_is_read_as_utc():
    for name in ("Mars/Olympus", "", "../etc/passwd", "Europe", "a\0b"):
        assert local_time.zone(name).key == "UTC"


def test_instants_out_of_all_calendars_are_moved_into_them():
    for at in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        day = local_time.today(PARIS, at)
        assert local_time.midnight(PARIS, day) <= local_time.at_time(PARIS, day, time(23, 59))


def test_minutes_are_never_negative_and_never_overflow():
    assert local_time.minutes(-5) == timedelta()
    assert local_time.minutes(180) == timedelta(hours=3)
    assert local_time.clamp(datetime.max.replace(tzinfo=UTC)) + local_time.minutes(10**30)
