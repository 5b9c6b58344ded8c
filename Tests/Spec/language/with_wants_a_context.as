with 3 as x:  # expect runtime error: a int cannot stand in 'with'
    pass
