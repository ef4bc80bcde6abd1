module stoptheworld

go 1.23
