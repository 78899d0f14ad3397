"""What a test raises that cannot run in this place."""


class Skipped(Exception):
    pass
