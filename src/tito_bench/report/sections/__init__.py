"""The sections of a whole report, as data: what a page and a picture of a record show."""
