break  # expect error: 'break' stands outside a loop
