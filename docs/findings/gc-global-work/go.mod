module globalwork

go 1.27
