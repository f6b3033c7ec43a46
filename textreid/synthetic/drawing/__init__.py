"""What everything is drawn with."""
