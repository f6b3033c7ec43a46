"""Small networks whose weights ship: boxes of people in a frame, keypoints of a person."""
