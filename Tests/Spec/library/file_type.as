write_text(".build/x", 3)  # expect runtime error: write_text() writes a str, not an int
