print(1_000, 0x_ff, 0in [1])
x = 1__0  # expect error: '1__0' is not a number
y = 1_  # expect error: '1_' is not a number
z = 0b2  # expect error: '2' is no digit of a number in base 2
