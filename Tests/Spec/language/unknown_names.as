lenght = 3
print(lengt)  # expect error: did you mean 'lenght'?
pritn(1)  # expect error: did you mean 'print'?
x = np.mean([1])  # expect error: columns have arithmetic of their own
