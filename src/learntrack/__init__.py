"""learntrack: records how learners use content and answers their coaches' questions."""

__version__ = "0.1.0"
