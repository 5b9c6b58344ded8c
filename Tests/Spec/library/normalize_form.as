normalize("é", "NFX")  # expect runtime error: normalize() has no form 'NFX'
