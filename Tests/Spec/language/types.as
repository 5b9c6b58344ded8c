print(isinstance(1, int), isinstance(True, int), isinstance(1.0, int), isinstance("a", (int, str)), isinstance([], "list"))  # expect: True True False True True
print(type(1) == int, type(1) == "int", int == type(2), type([]) != list, type(len), type("a".upper) == type(len))  # expect: True True True False builtin_function_or_method True
print(callable(len), callable("".upper), callable(3), hasattr("", "strip"), getattr([], "x", 7), "sort" in dir([]))  # expect: True True False True 7 True
isinstance(1, len)  # expect runtime error: isinstance() wants a type
