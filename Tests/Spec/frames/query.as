# A condition in text is refused, with what to write.
f = frame({"a": [1, 2]})
f.query("a > 1")  # expect runtime error: sql("select * from t where a > 1 and b = 'x'", t=df)
