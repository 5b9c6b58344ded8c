raise "text"  # expect runtime error: raise ValueError('text')
