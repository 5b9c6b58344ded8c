print(time.format(0), time.format(61), time.format(3720), time.format(-5))  # expect: 0 s 1 min 1 s 1 h 02 min -5 s
print(time.strftime("%Y-%m-%d %H:%M:%S %%", 1e9), repr(time.strftime("", 0)), time.strftime("%Y", -1))  # expect: 2001-09-09 01:46:40 % '' 1969
print(time.parse_duration("8h40m"), time.parse_duration("90"), time.parse_duration("1.5 h 3 s"), time.parse_duration("250ms"))  # expect: 31200.0 90.0 5403.0 0.25
