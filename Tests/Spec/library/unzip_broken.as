write_text(".build/broken.zip", "PK" * 50)
unzip(".build/broken.zip", ".build/unzip")  # expect runtime error: the directory at its end is missing
