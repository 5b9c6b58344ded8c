print(later)  # expect runtime error: 'later' is used before it is assigned
later = 1
