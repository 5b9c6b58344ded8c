big = 9223372036854775807
print(len(range(-5, 9223372036854775801)), 5 in range(0, big), round(5, -400), round(14, -1), round(25, -1))  # expect: 9223372036854775806 True 0 10 20
print("x".zfill(-big - 1), round(1.5, -big - 1), round(1234567890123456789, -3))  # expect: x 0.0 1234567890123457000
print(2**53 + 1 > 2.0**53, 2.0**53 < 2**53 + 1, 2**53 == 2.0**53, 9999999999999998.0, 1e15, 123456789012345.6)  # expect: True True True 9999999999999998.0 1000000000000000.0 123456789012345.6
for i in range(big - 2, big):
    print(i - big, end=" ")
print()  # expect: -2 -1 
print(round(big, -1))  # expect: 9223372036854775810
