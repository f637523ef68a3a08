"""What is measured: each case takes the bench and the plan and gives data that JSON can carry."""
