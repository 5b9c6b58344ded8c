def f(:  # expect error: expected a parameter's name, found ':'
    pass
x = = 3  # expect error: expected an expression, found '='
if x = 3:  # expect error: comparison is '=='
    pass
y = [1, 2  # expect error: '[' is never closed
