"""What stands on paper only."""

from learntrack.pages.words import Words


def printed(words: Words) -> str:
    """When it was printed, in which time zone."""
    return words.say(
        "printed %(day)s, %(time)s, %(zone)s",
        day=words.whole_day(words.now.date()),
        time=words.clock(words.now),
        zone=words.zone_name(),
    )
