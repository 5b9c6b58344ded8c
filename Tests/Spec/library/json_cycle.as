x = []
x.append(x)
json.dumps(x)  # expect runtime error: contains itself
