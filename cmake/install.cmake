# `make install`: the programs, and beside the trainer the libraries that it needs, so that the clone may go.
if(TARGET pegbox)
  install(TARGETS pegbox RUNTIME DESTINATION bin)
endif()
if(TARGET pegbox-trainer)
  set_target_properties(pegbox-trainer PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/pegbox")
  install(TARGETS pegbox-trainer RUNTIME DESTINATION bin)
  if(EXISTS /dev/nvidia0)
    file(GLOB libraries ${PEGBOX_TORCH_FOLDER}/lib/*.so* ${PEGBOX_TORCH_FOLDER}/../nvidia/*/lib/*.so*)
  else()
    file(GLOB libraries ${PEGBOX_TORCH_FOLDER}/lib/libtorch_cpu.so ${PEGBOX_TORCH_FOLDER}/lib/libc10.so
         ${PEGBOX_TORCH_FOLDER}/lib/libgomp*.so* ${PEGBOX_TORCH_FOLDER}/lib/libgfortran*.so*
         ${PEGBOX_TORCH_FOLDER}/../nvidia/*/lib/libcudart.so* ${PEGBOX_TORCH_FOLDER}/../nvidia/*/lib/libcupti.so*)
  endif()
  install(FILES ${libraries} DESTINATION lib/pegbox)
endif()
