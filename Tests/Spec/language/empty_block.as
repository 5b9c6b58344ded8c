if True:
    \

print(1)  # expect error: expected a statement in the block after
