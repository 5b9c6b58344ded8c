raise  # expect error: 'raise' without an error stands outside 'except'
