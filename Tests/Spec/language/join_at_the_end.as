x = 1  # expect error: the file ends after a backslash that joins lines
\
 
