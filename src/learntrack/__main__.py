"""`python -m learntrack`: the same as `learntrack`."""

from learntrack.commands import main

main()
